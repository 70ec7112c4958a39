# SPDX-License-Identifier: Apache-2.0
"""The groups of bench/figures.py, one file each; `program` runs things, `rows` keeps what came out."""
