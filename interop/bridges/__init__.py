"""What is under test: our portals, and other people's bridging libraries, a file a library.

bridge.py     what a bridge is: the small class that an author writes
portals.py    ours
"""
