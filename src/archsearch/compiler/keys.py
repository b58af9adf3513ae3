"""Names of what has a value at every time step, while kernels run a program.

%9      the value of instruction 9          d%9     the gradient of the loss by it
m%9     the masked operand of product 9     dm%9    its gradient
@c_t    a copy of a value, for memory c     d@c_t   what the next step adds to its gradient
dy      the gradient of y, from outside     d@c_tm1 that of a c_{t−1} that nothing reads
dy1     the gradient by the share of y that h1 gives
position    the positional encoding
"""

POSITION = "position"


def value_key(value: int) -> str:
    return f"%{value}"


def gradient_key(value: int) -> str:
    return f"d%{value}"


def masked_key(product: int) -> str:
    return f"m%{product}"


def masked_gradient_key(product: int) -> str:
    return f"dm%{product}"


def output_gradient_key(share_of_h: str) -> str:
    return f"dy{share_of_h.removeprefix('h')}"


def state_key(name: str) -> str:
    return f"@{name}_t"


def state_gradient_key(name: str) -> str:
    return f"d@{name}_t"


def unread_state_gradient_key(name: str) -> str:
    return f"d@{name}_tm1"
