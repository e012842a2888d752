"""What the project loads: its own assets, and a folder for each Clockify account."""
