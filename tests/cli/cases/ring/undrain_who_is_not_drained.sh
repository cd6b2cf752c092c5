wscluster ring undrain node-1 --cluster still --yes
