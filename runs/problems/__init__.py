"""Problems as RFC 9457 defines them: what every refused request under `/api/` is answered with."""
