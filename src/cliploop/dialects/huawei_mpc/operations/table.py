"""The operations that are answered, by their methods: all are at one address."""

from __future__ import annotations

from cliploop.dialects.huawei_mpc.operation import Operation
from cliploop.dialects.huawei_mpc.operations.cancel import CANCEL
from cliploop.dialects.huawei_mpc.operations.create import CREATE
from cliploop.dialects.huawei_mpc.operations.listing import LIST
from cliploop.dialects.use_cases import UseCases

OPERATIONS: tuple[Operation[UseCases], ...] = (CREATE, LIST, CANCEL)
