"""The same work written with other packages, each as its own documents recommend it; run in an environment of their own."""
