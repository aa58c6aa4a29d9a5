"""The wallet: mnemonic, backup, secret storage."""
