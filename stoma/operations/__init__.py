"""Every verb a user has, once. The command line and the API only translate."""
