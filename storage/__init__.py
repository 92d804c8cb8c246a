"""The database: engine, transactions and migrations. What is stored is defined by the packages that own it."""
