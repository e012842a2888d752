"""A project with an asset that reads Clockify by itself."""
