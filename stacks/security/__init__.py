"""What the security tools found, as a page: nothing in it is typed by hand."""
