"""What training minimises: the evidence lower bound and the point distances."""
