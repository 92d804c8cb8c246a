"""Message text: its one canonical form and hash, codes and their carriers, HTML, quotes, recipient addresses."""
