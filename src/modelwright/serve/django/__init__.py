"""A Django application and a view with the routes of our server; see `apps`, `urls` and `views`."""
