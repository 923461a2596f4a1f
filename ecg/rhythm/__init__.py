"""What lies between single beats and a diagnosis: the rhythm of half a minute, ventricular
fibrillation, and the episodes of both."""
