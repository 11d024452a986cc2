"""Reports: findings and standings rendered from templates."""
