"""The Azure control plane: a Function app that looks at, makes and removes the Azure side of a link."""
