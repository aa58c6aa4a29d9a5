"""Back-test the model server on stored candles; none of this is deployed."""
