"""The managed services in one process of their own, beside the server that answers the API."""
