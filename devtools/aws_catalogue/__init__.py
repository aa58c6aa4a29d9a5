"""Generator of the data about AWS that the settings are checked against."""
