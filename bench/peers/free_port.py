"""Prints a free port of the loopback interface, for the store of torch.distributed."""

import socket

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    print(free.getsockname()[1])
