"""Results as text: numbers, tables, and what a reader must know beside them."""
