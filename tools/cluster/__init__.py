"""`./dev cluster`: a whole shop of many processes on one machine. README.md says which file does what."""
