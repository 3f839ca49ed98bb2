"""How sure an estimate is: covariance, profiles, posterior."""
