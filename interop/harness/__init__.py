"""What runs a matrix and judges it: each framework in processes of its own, findings as they are known."""
