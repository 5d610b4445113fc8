"""The command that edits the allow list. It is no function, and goes into no function's zip."""
