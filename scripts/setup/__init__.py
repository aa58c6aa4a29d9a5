"""Installs what the project needs into its folder."""
