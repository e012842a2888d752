"""A Clockify of our own on loopback: the newcomer's demo, the tests' counterpart, the benchmark's load.

It imports nothing from the rest of the package: were both sides to share a wrong path into a document, every
test would still pass.
"""

from . import faults
from .account import Account
from .faults import Fault
from .messages import Request
from .seed import make_agency
from .server import Sandbox

__all__ = ["Account", "Fault", "Request", "Sandbox", "faults", "make_agency"]
