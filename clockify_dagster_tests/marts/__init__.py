"""The marts: what they count, against plain Python over the sandbox's documents."""
