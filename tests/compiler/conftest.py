import sys
from pathlib import Path

# The toy search is a module of its own because worker processes import it too.
sys.path.insert(0, str(Path(__file__).parent.parent / "toys"))
