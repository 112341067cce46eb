"""The language of kernels: a kernel's text, what it may contain, and how its syntax tree becomes closures that a warp runs."""
