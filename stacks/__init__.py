"""What exists in AWS: a stack composes parts and grants between them."""
