"""How the networks in models/ were made: see README.md in this folder."""
