"""What AWS refuses and moto accepts: checks that stand before moto's server."""
