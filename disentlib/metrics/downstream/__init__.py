"""What predictors built on a representation achieve, and how fair they are."""
