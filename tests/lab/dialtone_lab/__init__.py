"""What tests/lab/lab is made of: networks of hosts for the collection's tests and its demo."""
