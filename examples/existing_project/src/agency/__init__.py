"""An agency's Dagster project, which had tables of its own before it got Clockify's."""
