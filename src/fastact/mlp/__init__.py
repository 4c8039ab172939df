"""A small multi-layer perceptron trainer that shows what activations do to gradients."""
