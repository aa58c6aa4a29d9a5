"""The sections of the settings: the variables under one heading, each with its validators."""
