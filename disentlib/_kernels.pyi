"""Types of the compiled kernels. Their documentation is at the front doors in `disentlib.ops`."""
