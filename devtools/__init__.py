"""Tools for developing and trying: nothing here is deployed."""
