"""One module per experiment: what activations do to gradients, measured."""
