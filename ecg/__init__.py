"""What the stages share. Nothing in this folder imports a stage."""

__version__ = "2.0.0"  # what --version prints, and what cards, JSON and reports state
