"""Valid files are damaged and processes killed: what must be refused or heal."""
