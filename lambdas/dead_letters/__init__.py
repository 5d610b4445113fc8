"""The command that looks at dead letters and sends them again. It is no function, and goes into no function's zip."""
