"""Who asks, and whether they may.

Everything is denied unless it is declared: `Guard` lets nobody but a known caller past, except to the open paths, and
every route names the scope that it needs (`@needs(Scope.READ)`), without which it cannot be made.
"""
