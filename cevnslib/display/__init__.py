"""What is shown: figures, sheets and explorers."""
