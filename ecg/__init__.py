"""What the stages share. Nothing in this folder imports a stage."""
