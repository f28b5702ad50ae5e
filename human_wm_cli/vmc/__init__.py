"""The stages of `humanwm vmc`, its pictures and its card."""
